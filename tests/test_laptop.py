"""On a student's own laptop: a checkout with CRLF, odd folders, a home that cannot be written, a narrow console."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.report.tables import ANNOTATION_COLUMNS as _  # noqa: F401
from tests.support.browser import free_port
from tests.support.laptop import ROOT, copy_project, run_python
