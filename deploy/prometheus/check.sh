#!/usr/bin/env bash
# Checks what lies beside it: configuration, rules, and the tests of the rules. Needs promtool, of
# Debian's package prometheus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
promtool check config prometheus.yml
promtool test rules tests/*.yml
if command -v prometheus-blackbox-exporter >/dev/null; then
  prometheus-blackbox-exporter --config.file=blackbox.yml --config.check
fi
