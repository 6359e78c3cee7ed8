"""Where hospitals' systems call: the published paths, and those that put the number into one."""

TOKEN_PATH = "/auth/oauth/token"  # noqa: S105 - a path
# The last takes what is left; a number may stand in the path instead of the body.
PATHS = (
    "/fsi/api/rsfComIfsService/callService",  # Hunan, Hubei
    "/mbs/fmi/fsi/api/callFsiService/callService",  # Jilin
    "/mbs-fsi/web/api/fsi/callService",  # Shanxi
    "/{prefix:path}/callService",  # other provinces put other names in front
    "/fsi/api/{infno}",
    "/",
    "/{infno}",
)
