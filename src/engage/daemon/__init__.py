"""The daemon: APScheduler's heartbeats tick, send and tidy up; one daemon leads, others stand by.

Nothing here knows business time: a heartbeat only asks the engine to bring everything up to the present. A stop
ends the tick between two chunks; the open tick is finished at the next start. When the database goes away the
leader steps down, waits, and leads again.
"""
