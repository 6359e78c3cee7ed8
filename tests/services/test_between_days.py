"""Closing a day while many settle."""
import threading, time
from datetime import timedelta
from hub.services import days
from hub.store import days as store
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import NOW, an_open_hub


def test_probe(databases: Databases) -> None:
    hub = an_open_hub(databases.fresh("hub", migrate))
    stop = threading.Event(); counts=[0]*4
    def settle(n):
        while not stop.is_set():
            with hub.engine.begin() as tx:
                store.share_open(tx)
                time.sleep(0.03+n*0.007)
                counts[n]+=1
            time.sleep(0.0005)
    ts=[threading.Thread(target=settle,args=(n,)) for n in range(4)]
    for t in ts: t.start()
    time.sleep(0.3)
    took=[]
    for i in range(12):
        t0=time.monotonic()
        with hub.engine.begin() as tx:
            res=days.close(tx, NOW)
        took.append(round(time.monotonic()-t0,3)); time.sleep(0.05)
    stop.set(); [t.join() for t in ts]
    print("CLOSE", res, took, counts)
