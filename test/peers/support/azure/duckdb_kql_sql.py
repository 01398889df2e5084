"""KQL texts as DuckDB SQL by duckdb-kql, which nobody here wrote: {schema: {table: [column]}, queries: [kql]} -> [{sql} | {error}]."""

import json
import sys

import duckdb_kql

asked = json.load(sys.stdin)
answers = []
for query in asked["queries"]:
    try:
        answers.append({"sql": str(duckdb_kql.to_sql(query, schema=asked["schema"]))})
    except Exception as error:  # noqa: BLE001 what it does not translate is counted by the caller
        answers.append({"error": f"{type(error).__name__}: {error}"[:400]})
json.dump(answers, sys.stdout)
