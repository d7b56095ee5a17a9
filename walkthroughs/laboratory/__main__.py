"""Runs experiments: one JSON object a line in, one result a line out."""

import json
import sys

from .experiment import prepare

prepare()

from .experiment import Experiment, Laboratory

laboratory, answers = Laboratory(), sys.stdout
for line in sys.stdin:
    print(json.dumps(laboratory.run(Experiment(**json.loads(line))).as_dict()), file=answers, flush=True)
