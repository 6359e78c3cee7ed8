"""People at the hub's screens: its operators, and the agencies that pay and are paid; by room."""
