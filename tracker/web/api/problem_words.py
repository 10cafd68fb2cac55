"""What programs read when something is refused: what happened, and what to do next."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

PROBLEMS = {
    400: (_("That is no JSON"), _("The body cannot be read. Send one JSON object, in UTF-8.")),
    401: (
        _("No token, or none that is for this"),
        _("Send a living token whose scopes cover this: Authorization: Bearer jejak_... Tokens are made on the page "
          "of one's account."),
    ),
    404: (
        _("There is nothing here"),
        _("The address is wrong, or your account does not administer what it names. Look it up in the list."),
    ),
    405: (
        _("That does not work here"), _("This address does not know the method. The header Allow says which it does."),
    ),
    409: (_("The register cannot become like this"), _("Something stands against it. Read the record again.")),
    412: (
        _("It changed meanwhile"),
        _("If-Match is not the ETag of today. Read it again, look at what changed, and send its new ETag."),
    ),
    413: (
        _("That was too much at once"), _("The body is larger than this address accepts. Send less of it at a time."),
    ),
    415: (_("That is another kind of content"), _("Send the body as Content-Type: application/json.")),
    422: (
        _("Something is not as described"),
        _("Nothing was changed. Mend the fields that errors names, and send it again."),
    ),
    428: (
        _("Which version do you mean?"),
        _("Send If-Match with the ETag that you got when you read it, so that nothing is overwritten unseen."),
    ),
    500: (
        _("Something broke on our side"),
        _("It is not your mistake, and it has been noted. Try again; if it stays, tell your administrator."),
    ),
    503: (
        _("Not available for a moment"),
        _("The database cannot be reached, and nothing of this was saved. Send it again in a few seconds."),
    ),
}  # fmt: skip
# by whether it is our mistake
OTHERS = {
    False: (_("That request was not understood"), _("Compare it with the document of the API, and send it again.")),
    True: PROBLEMS[500],
}
SUCH_KEY = _("This Idempotency-Key was used for something else. Take a new key for each new thing.")
BAD_KEY = _("A key has 1 to 200 letters, digits and signs, without blanks.")
UNKNOWN = {
    "unit": _("You administer no unit with this id. Look it up in the list of units."),
    "person": _("You administer no person with this id. Look them up in the list of people."),
    "vehicle": _("You administer no vehicle with this id. Look it up in the list of vehicles."),
    "zone": _("There is no zone with this id. Look it up in the list of zones."),
}
