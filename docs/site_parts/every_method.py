def write(app): pass
