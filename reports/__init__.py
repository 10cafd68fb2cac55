"""The scheduler and its reports.

    __main__.py   python -m reports [--once REPORT DATE]
    schedule.py   the table of jobs, and how one of several schedulers is the active one; alone imports apscheduler
    judging.py    what a run of judging leaves behind
    batches.py    which windows are due, and in which order effects happen
    no_show.py, idle.py   what is computed of one window
    computed.py           what every report says of a window beside that
    figures.py            the figures of units are counted again
    periods.py            daily, weekly and monthly reports, each made once
    mails.py              what subscribers are sent, each at most once
"""
