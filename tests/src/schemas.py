"""Holds JSON values against schemas: reads rows {"schema": file, "value": ...} from standard input, and prints for each row a JSON list of what is wrong."""

import json
import sys

import jsonschema_rs

validators = {}


def validator(path):
    if path not in validators:
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema_rs.meta.validate(schema)
        validators[path] = jsonschema_rs.Draft202012Validator(schema)
    return validators[path]


for row in sys.stdin:
    asked = json.loads(row)
    found = validator(asked["schema"]).iter_errors(asked["value"])
    print(json.dumps([f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in found]))
