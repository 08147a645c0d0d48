"""The text of `--help`: how the commands are called, and their options."""

from __future__ import annotations

from stripe_shell.render import FORMATS

_OVERVIEW = """\
usage: stripe-shell [OPTIONS]                      the prompt on a terminal, else a script from standard input
       stripe-shell [OPTIONS] ACTION ENTITY [KEY=VALUE …]   one block, e.g. create customer email=a@b.co name=Ann
       stripe-shell [OPTIONS] -c TEXT              blocks given as text
       stripe-shell run FILE … [OPTIONS]           run scripts
       stripe-shell runs [list | show RUN | resume RUN | retry RUN | settle RUN | forget RUN]   runs, and going on
       stripe-shell check FILE …                   say everything that is wrong with them; send nothing
       stripe-shell fmt FILE … [--check | --diff]  write them in the canonical form
       stripe-shell replay PAGE … [OPTIONS]        run the examples of a documentation page as tests
       stripe-shell convert FILE --to FORM         a script as curl, python or fixtures; a fixture file as stripe
       stripe-shell spec [ACTION] [ENTITY]         what is known of an entity or an action (--coverage: of the sandbox)
       stripe-shell spec --diff VERSION [VERSION] [ENTITY | FILE]   what changed between versions of the API
       stripe-shell connections [list | test [NAME …] | add NAME kind=KIND SETTING=VALUE … | remove NAME | default NAME]
       stripe-shell serve [OPTIONS]                the sandbox over HTTP, for programs; any key sk_test_… is taken
       stripe-shell exec [OPTIONS] COMMAND …       a program with a sandbox of its own, for as long as it runs
       stripe-shell completion bash|zsh|fish       the script that completes all this in your shell

Options that choose where requests go and how results look:
  --connection NAME   the default connection (else `stripe` when STRIPE_API_KEY is set, else `sandbox`)
  --live              allow writes in live mode
  --db FILE           the sandbox's database;  --memory: none, all is gone at the end
  --format NAME       FORMATS (on a terminal table, else json)
  --var NAME=VALUE    a variable for ${NAME}, whatever the script's own `@let NAME` says; several allowed
  --keep-going        go on after a block that failed
  --dry-run           tell how many rows, writes and how much money (each request with --show), send nothing
  --show              show every row of a loop and every result, not only what failed
  --tags A,B          run only the blocks that `@tags` marks with one of these
  --spec stripe       ask for no more parameters than Stripe does
  --verbose           show what goes over the wire, secrets masked
  --version, --help

Options of run, which resumes a script that was stopped or failed (docs/batches.md):
  --resume            also send again, under new keys, what Stripe refused
  --new               start over
  --accept-edits HOW  what took effect and was edited since: keep it, or rerun it
  --jobs N            run so many rows of a loop at once, whatever the loop says (else rate by latency, at most 32)
  --plan[=PLAN.json]  read, write nothing, and tell what would be written; `run PLAN.json` sends exactly that
  --confirm TEXT      write only if the plan is this: "2000 writes" or "412300.00 usd"; several allowed
  --rows ROWS         only these rows of the loops: 10 (the first ten), 101-200, or KEY,KEY; the next run does the rest
  --runs-dir FOLDER   where journals and row files are kept (else .stripe-runs beside the script)
  --no-journal        keep none; refused in live mode
  --grace TIME        after Ctrl-C, SIGTERM or SIGHUP, wait so long for what is under way (else 30s)
  --notify COMMAND    start this program at the end, at a stop, and when the run waits for more than a minute
  --patience TIME     send again what was not executed, for so long (loops and exports: else 10m)

Options of runs (docs/batches.md); resume and retry take those of run as well:
  --runs-dir FOLDER   the runs in this folder (else those beside you and all that began on this machine)
  --format NAME       table, csv or json
  --status STATUS     show: only the rows with this status (done, skipped, failed, unknown, not-run)
  --done ID           settle: the write was carried out, and this is its object;  --not-done: it was not
  --key KEY           settle: only the write with this idempotency key, or of this row; several allowed
  --yes               forget: also a run of which something is unknown

Options of check and spec:
  --version VERSION   judge by this version of the API, e.g. 2024-06-20; check says what the move to it breaks

Options of run and replay:
  --report FORMAT=FILE …   also write junit, html, json, jsonl or tap, several at once: --report junit=a.xml html=a.html

Options of replay:
  --errata FILE       the corrections of the page (else PAGE.errata.toml beside it)
  --update            write what was answered into the page wherever it differs; --update=new: where the page has none

Options of serve:
  --port N            the port (else 12111); 0 takes a free one
  --host ADDRESS      another address than 127.0.0.1; whoever reaches it can do everything
  --allow-host NAME   answer to this host name too; web pages could use public names, so only local ones are allowed
  --db FILE, --memory as above
  --account TRAITS    what every account is like, e.g. legacy,country=DE or new,raw_card_data=true
  --latency TIME      answer so much later, e.g. 100ms
  --rate-limit RATE   requests that a key may make, e.g. 100/s; more are answered 429
  --fault FAULT       go wrong on purpose, e.g. 500,rate=0.1 or drop,path=/v1/charges,times=2; several allowed
                      (409, 429, 500, 502, 503, 504, lock_timeout, drop, lose, cut, delay,for=TIME)
  --api-version V     the version of requests that name none, and of events, e.g. 2024-06-20; kept in the file
  --webhook-host NAME deliver webhooks to this machine too, not only to one's own; several allowed
  --webhook-retries TIME,TIME…   the waits before a failed delivery is tried again (else 5m,1h,3h)
  --verbose           a line for each request

Options of exec, before the command (docs/testing.md); also --account, --latency, --rate-limit, --fault,
--api-version, --verbose:
  --seed FILE         a script that fills the sandbox first; several allowed
  --forward-to URL    send the sandbox's webhooks there, signed with STRIPE_WEBHOOK_SECRET
  --db FILE           the sandbox's database, kept (else in memory, gone at the end)

Keys come from the environment (STRIPE_API_KEY), never from an argument.
Exit codes: 0 all passed, 1 usage, 2 the text is wrong and nothing was sent, 3 a call failed, 4 an expectation
failed, 5 the outcome of a write is unknown, 6 the journal disagrees with the script.
"""

OVERVIEW = _OVERVIEW.replace("FORMATS", f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
