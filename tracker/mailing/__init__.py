"""What a mail says, and handing it to a mail server.

    letters.py    a mail that is due becomes a letter in its reader's language, or the reason why it is withheld
    figures_told.py   the figures of a period, within the rights its reader has at this moment
    rendering.py  templates, translations (of the pages' catalogues), numbers and days; alone imports jinja2
    words.py      the labels of figures and causes
    server.py     the mail server: alone imports smtplib, and says what became of a mail

Mails leave the house: one about a unit names nobody.
"""
