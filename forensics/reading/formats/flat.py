"""JSON lines, CSV or Parquet whose names say what they are.

Names are looked up in reading/fields/aliases.py; nested objects and dotted keys are both read. Anything named otherwise
takes a mapping file.
"""

from __future__ import annotations

from forensics.reading.fields.format import Format

PLUGIN = Format(
    name="flat",
    title="JSON lines, CSV or Parquet with telling names",
    reference="forensics/reading/fields/aliases.py lists every name that is understood",
    samples=(
        (
            ""
            '{"started_at":"2026-05-01T10:00:00.123Z","account_id":"acct_1","client_address":"198.51.100.7",'
            '"user_agent":"curl/8.5.0","request_model":"m-large","status_code":200,"input_tokens":4,'
            '"output_tokens":38,"request_id":"req_1","prompt":"hello"}'
        ),
        (
            '{"ts":1777629600123,"user_id":"acct_2","ip":"[2001:db8::7]:443","ua":"OpenAI/Python '
            '1.40.0","model":"m-small","status":"200","usag'
            'e":{"prompt_tokens":"4","completion_tokens":"38"},"prompt_hash":"9f86d081884c7d65"}'
        ),
        (
            '{"@timestamp":"2026-05-01T10:00:01+02:00","customer_id":"acct_3","http.response.status_code":429,'
            '"http":{"request":'
            '{"method":"POST"}},"template_id":"t-17"}'
        ),
    ),
    broken=(
        '{"ts":"2026-05-01T10:00:00Z","account_id":"acct_1"',
        '{"ts":"yesterday","account_id":"acct_1"}',
        '{"ts":"2026-05-01T10:00:00Z"}',
        '["no", "object"]',
    ),
    by_alias=True,
)
