"""The country in a box: 32 areas, their people and hospitals, live or in accelerated time."""
