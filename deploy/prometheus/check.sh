#!/bin/sh
# Checks what lies beside it: configuration, rules, and the tests of the rules. Needs promtool, of
# Debian's package prometheus.
set -eu
cd "$(dirname "$0")"
promtool check config prometheus.yml
promtool test rules tests/*.yml
if command -v prometheus-blackbox-exporter >/dev/null; then
  prometheus-blackbox-exporter --config.file=blackbox.yml --config.check
fi
