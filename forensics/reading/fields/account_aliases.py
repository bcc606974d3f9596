"""The names under which accounts files carry the columns of REGISTER."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from forensics.reading.fields.aliases import Path as KeyPath
from forensics.reading.fields.aliases import normal_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.fields.plan import Plan


_NAMES: Final[dict[str, str]] = {
    "account_id": """
        account_id account account_uid account_uuid acct_id acct customer_id customer user_id user user.id uid tenant_id
        tenant principal_id
        principal username user_name consumer_id consumer subscriber_id arn id
    """,
    "created_at": """
        created_at created creation_time created_time create_time created_on date_created creation_date signup_at
        signed_up_at signup_time
        signup_date sign_up_date registered_at registration_time registration_date opened_at joined_at
        account_created_at start_date opened
    """,
    "closed_at": """
        closed_at closed closed_time closing_time closed_on close_date deleted_at deleted deactivated_at terminated_at
        ended_at cancelled_at
        canceled_at disabled_at end_date expires_at
    """,
    "banned_at": """
        banned_at banned ban_time banned_time banned_on ban_date suspended_at suspension_time suspended_on blocked_at
        enforced_at enforcement_at
        terminated_for_cause_at actioned_at
    """,
    "status": "status state account_status account_state lifecycle standing",
    "organization_id": """
        organization_id organisation_id organization organisation org_id org org_uuid company_id company company_name
        organization_name org_name
    """,
    "parent_id": """
        parent_id parent parent_account parent_account_id parent_org parent_organization parent_organization_id
        declared_parent contract_id contract
        master_account platform_customer billing_parent
    """,
    "plan": "plan tier plan_name subscription subscription_plan subscription_tier product plan_id account_type "
    "rate_limit_tier",
    "country": "country country_code declared_country signup_country billing_country account_country sign_up_country",
    "email_domain": "email_domain mail_domain domain signup_email_domain user_email_domain",
    "email": "email e_mail email_address mail user_email signup_email contact_email",
    "email_hash": "email_hash email_sha256 hashed_email mail_hash email_fingerprint",
    "phone_hash": "phone_hash phone_sha256 hashed_phone phone_fingerprint",
    "phone": "phone phone_number mobile msisdn telephone",
    "payment_id": """
        payment_id payment payment_hash payment_fingerprint payment_method_fingerprint payment_method_id payment_method
        payment_instrument
        payment_instrument_id card card_id card_hash card_fingerprint card_fp payment_fp billing_id billing_fingerprint
        billing_hash iban_hash
        wallet
    """,
    "payment_country": "payment_country card_country billing_country_code payment_method_country issuer_country",
    "signup_address": """
        signup_address signup_ip sign_up_ip signup_ip_address registration_ip registered_ip created_ip creation_ip ip
        ip_address signup_client_ip
        register_ip first_ip
    """,
    "signup_prefix": "signup_prefix signup_subnet signup_ip_prefix",
    "signup_user_agent": "signup_user_agent signup_ua registration_user_agent user_agent ua",
    "device_id": "device_id device device_fingerprint signup_device signup_device_id fingerprint ephemeral_id",
    "reseller_id": "reseller_id reseller sold_by channel partner partner_id distributor sales_channel",
    "referrer": """
        referrer referrer_code referral referral_code coupon coupon_code promo promo_code promotion invite_code invite
        voucher campaign event_code
        class_code referred_by
    """,
    "limit_per_minute": """
        limit_per_minute rpm rpm_limit requests_per_minute rate_limit rate_limit_rpm max_rpm limit_rpm
    """,
    "limit_per_day": "limit_per_day rpd rpd_limit requests_per_day daily_limit daily_quota max_rpd limit_rpd",
}

ALIASES: Final[dict[str, tuple[str, ...]]] = {column: tuple(names.split()) for column, names in _NAMES.items()}

BY_NAME = {
    normal_name(name): (column, place)
    for column, names in reversed(ALIASES.items())
    for place, name in reversed(list(enumerate(names)))
}

_REGISTER_ONLY: Final = frozenset(
    normal_name(name)
    for column in (
        "banned_at",
        "closed_at",
        "payment_id",
        "email",
        "email_domain",
        "plan",
        "referrer",
        "signup_address",
        "parent_id",
        "phone_hash",
    )
    for name in ALIASES[column]
    if name not in {"deleted", "ip", "ip_address", "product", "ended_at", "campaign", "domain", "end_date"}
)

_REQUEST_FIELDS: Final = frozenset(
    {
        "request_model",
        "status_code",
        "input_tokens",
        "output_tokens",
        "endpoint",
        "prompt",
        "messages",
        "prompt_hash",
        "template",
        "latency_ms",
        "request_latency",
        "method",
        "operation",
        "request_id",
        "session_id",
        "system",
    }
)


def is_register(plan: Plan, seen: Mapping[KeyPath, Sequence[Any]]) -> bool:
    """Whether the columns describe accounts rather than requests."""
    about_accounts = sum(normal_name(path[-1]) in _REGISTER_ONLY for path in seen)
    about_requests = sum(
        name in _REQUEST_FIELDS
        and any(normal_name(path[-1]) not in {"status", "id", "message", "text"} for path in paths)
        for name, paths in plan.paths.items()
    )
    return about_accounts >= 2 and about_requests == 0
