"""Which accounts are one principal: one declared organisation or parent that its accounts also behave like.

A claim is no proof. A seat belongs to the organisation it names if it shows something that most of that organisation's
seats show and hardly anybody else: one mail domain, one payer, or one exit; or if a cloud bills it to a contract whose
holders mostly name that organisation. Free mail, throw-away mail and carriers' exits are nobody's own, and need no
list: most of their holders are outside.

Blind to:  organisations of one account; claims that no field of the logs could bear out are taken at their word.
"""

from __future__ import annotations

import polars as pl

DECLARED_LEVELS = ("parent", "organization")  # as the accounts file has it, the wider first
LEVELS = (*DECLARED_LEVELS, "contract")  # whom a cloud bills, where the accounts file names nobody
MOST = 0.5  # a majority, of an organisation's seats and of a value's holders
PLACES = ("client_address", "client_prefix")  # an exit
DECLARED = ("email_domain", "payment_id")  # one mail domain, one payer
CONTRACT = "organization_id"  # as the source of the events has it; an organisation may hold several


PRINCIPALS = pl.Schema({"account_id": pl.String, "principal_id": pl.String, "principal_claim": pl.String})


def find_principals(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account: whom it counts as in linking, and whom it names without bearing it out.

    In:    EVENTS, REGISTER (may be empty), any order.
    Out:   account_id; principal_id (`parent:NAME`, `organization:NAME`, `contract:NAME` or the account itself);
           principal_claim (the one that it declares and does not behave like, else null).
    Null:  accounts that declare nothing are their own principal.
    Note:  deferred: nothing is read before the result is collected.
    """

    def run() -> pl.DataFrame:
        # the events are looked at twice, not once more a level
        claims = _claims(events, register).collect(engine="streaming")
        marks = _marks(events, register, claims.lazy()).collect(engine="streaming")
        return _count_as(claims.lazy(), marks.lazy()).collect()

    return pl.defer(run, schema=PRINCIPALS)


def _count_as(claims: pl.LazyFrame, marks: pl.LazyFrame) -> pl.LazyFrame:
    accounts = claims
    for level in LEVELS:
        accounts = accounts.join(_borne_out(claims, marks, level), on="account_id", how="left")
    several = [pl.when(pl.len().over(level) >= 2).then(_spell(level)) for level in LEVELS]
    principal = pl.coalesce(pl.when(pl.col(f"{level}_holds")).then(_spell(level)) for level in LEVELS)
    return accounts.select(
        "account_id",
        principal_id=pl.coalesce(principal, "account_id"),
        principal_claim=pl.when(principal.is_null()).then(pl.coalesce(several)),
    )


def _spell(level: str) -> pl.Expr:
    return pl.lit(f"{level}:") + pl.col(level)


def _claims(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account: parent and organisation that the accounts file names, else the contract of its events."""
    billed = events.filter(pl.col(CONTRACT).is_not_null()).group_by("account_id")
    contract = billed.agg(contract=pl.col(CONTRACT).mode().sort().first())
    seen = events.select("account_id").unique().join(contract, on="account_id", how="left", coalesce=True)
    declared = register.select("account_id", parent="parent_id", organization="organization_id").unique(
        "account_id", keep="first", maintain_order=True
    )
    names = [pl.col(name).str.strip_chars().replace("", None).alias(name) for name in LEVELS]
    named = pl.any_horizontal(pl.col(name).is_not_null() for name in DECLARED_LEVELS)
    return (
        seen.join(declared, on="account_id", how="left", coalesce=True)
        .select("account_id", *names)
        .with_columns(contract=pl.when(~named).then("contract"))
    )


def _marks(events: pl.LazyFrame, register: pl.LazyFrame, claims: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account, family and value by which an organisation could be known (mail domain, payer, exit): values
    that some account with a claim shows.
    """
    claiming = claims.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in LEVELS)).select("account_id")
    named = register.filter(pl.any_horizontal(pl.col("organization_id", "parent_id").is_not_null()))
    billed = events.select("account_id", CONTRACT).join(named.select("account_id"), on="account_id", how="semi")
    mailed = events.select("account_id").unique()
    mailed = mailed.with_columns(email_domain=pl.col("account_id").str.extract(r"@([^@\s]+\.[^@\s]+)$"))
    declared = register.with_columns(
        email_domain=pl.when(~pl.col("email_disposable").fill_null(value=False)).then(
            pl.col("email_domain").str.to_lowercase()
        )
    )
    parts = [(events, name) for name in PLACES] + [(declared, name) for name in DECLARED]
    parts += [(mailed, "email_domain"), (billed, CONTRACT)]
    return pl.concat([_shown(source, name, claiming) for source, name in parts]).unique()


def _shown(source: pl.LazyFrame, name: str, claiming: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and value of a family, of values that an account with a claim shows."""
    rows = source.select("account_id", family=pl.lit(name), value=pl.col(name).cast(pl.String)).filter(
        pl.col("value").is_not_null() & (pl.col("value") != "")
    )
    telling = rows.join(claiming, on="account_id", how="semi").select("value").unique()
    return rows.join(telling, on="value", how="semi").unique()


def _borne_out(accounts: pl.LazyFrame, marks: pl.LazyFrame, level: str) -> pl.LazyFrame:
    """One row per account that names a `level` with other accounts: whether it behaves like one of them."""
    claim = accounts.select("account_id", claim=level).filter(pl.col("claim").is_not_null())
    claim = claim.filter(pl.len().over("claim") >= 2)
    # A claim that the events repeat does not bear itself out.
    shown = marks.join(claim, on="account_id").filter(
        (pl.col("family") != CONTRACT) | (pl.col("value") != pl.col("claim"))
    )
    seats = shown.select("account_id", "claim", "family").unique().group_by("claim", "family").agg(seats=pl.len())
    everybody = marks.group_by("family", "value").agg(holders=pl.len())
    own = (
        shown.group_by("claim", "family", "value")
        .agg(held=pl.len())
        .join(seats, on=["claim", "family"])
        .join(everybody, on=["family", "value"])
        .filter((pl.col("held") >= 2) & ((pl.col("held") > MOST * pl.col("seats")) | (pl.col("family") == CONTRACT)))
        .filter(pl.col("held") > MOST * pl.col("holders"))
    )
    seats_own = shown.join(own, on=["claim", "family", "value"], how="semi").select("account_id").unique()
    testable = shown.select("claim").unique()
    holds = f"{level}_holds"
    return pl.concat(
        [
            claim.join(seats_own, on="account_id", how="semi"),
            claim.join(testable, on="claim", how="anti"),
        ]
    ).select("account_id", pl.lit(value=True).alias(holds))
