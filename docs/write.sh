#!/bin/sh
# Writes what of docs/ is made from the code: docs/fields.md and the table of docs/changes.md.
#   docs/write.sh [BUILD_DIR]   where unit_crd and unit_plan are built (default build/dev)
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/dev}
export BERTH_WRITE_DOCS=1
"$build/bin/unit_crd" --gtest_brief=1 --gtest_filter='FieldsPage.*'
"$build/bin/unit_plan" --gtest_brief=1 --gtest_filter='ServiceChange.TheDocumentationShowsTheTable'
