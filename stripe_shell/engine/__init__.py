"""Runs the blocks of a script.

The life of a block:

1. lang/lines.py recognizes the lines of the text: header, parameter, directive, comment.
2. lang/parser.py builds the `Block` from them, with diagnostics for what does not parse.
3. load.py replaces each `@include` by the items of the included file; run/flow.py picks the block in its order.
4. resolver.py calls resolve.py once per block, which finds the operation in the table, evaluates the references in the
   scope and converts the values to the types of the shape: the `BlockCall`.
5. spec/validate.py, called by resolve.py, checks the parameters; check/messages.py words its problems as diagnostics.
6. encode.py builds the HTTP request; run/interpreter.py adds the connection's version, account and idempotency key.
7. transports/ sends the request, unless run/ledger.py recalls its response; run/paging.py follows the pages of a list.
8. assertions/ evaluates `@expect`, `@match` and `@fails` against the response.
9. outcome.py records the status, the exchange and the assertions; the scope gets the name that `@as` gives.
"""
