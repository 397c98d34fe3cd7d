"""Ask pip-audit about everything installed here; the exit code is 1 only where it found a known vulnerability.

pip-audit itself ends with 1 where it found one and where it could not ask, and with 0 where the service knows none of
the packages. So its report is read, not its exit code.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_OPTIONS = ("--local", "--progress-spinner", "off", "--timeout", "15", "--format", "json")
# How the complaints of pip-audit and its HTTP library end where a network, a proxy or the service is in the way.
_OUT_OF_REACH = re.compile(
    r"(ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|HTTPError|ServiceError|JSONDecodeError)\b"
    r"|Could not connect|not redirecting properly|Tip: your network may be blocking"
)


def main() -> int:
    """Run it, print what came of it, and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip_audit", *_OPTIONS, "--output", str(report)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else None
    code, said = verdict(found, done.stderr)
    print(said)
    return code


def verdict(report: dict[str, Any] | None, complaint: str) -> tuple[int, str]:
    """The exit code, and what to say, for pip-audit's report (None where it wrote none) and its complaint."""
    if report is None:
        last = complaint.strip().rpartition("\n")[2]
        reason = _OUT_OF_REACH.search(last)
        if reason is None:
            return 1, f"pip-audit failed:\n{complaint.strip()}"
        return 0, f"pip-audit is skipped: the vulnerability service cannot be reached ({reason[0]})."
    packages = report["dependencies"]
    known = [package for package in packages if "skip_reason" not in package]
    vulnerable = [package for package in known if package["vulns"]]
    if vulnerable:
        return 1, "\n".join(["Known vulnerabilities:", *map(_line, vulnerable)])
    if not known:
        return 0, f"pip-audit is skipped: the service that answers knows none of the {len(packages)} packages."
    unknown = ", ".join(package["name"] for package in packages if package not in known)
    said = f"pip-audit: no known vulnerability in {len(known)} packages."
    return 0, f"{said} The service does not know {unknown}." if unknown else said


def _line(package: dict[str, Any]) -> str:
    found = [f"{one['id']} (fixed in {', '.join(one['fix_versions']) or 'no version'})" for one in package["vulns"]]
    return f"  {package['name']} {package['version']}: {'; '.join(found)}"


if __name__ == "__main__":
    sys.exit(main())
