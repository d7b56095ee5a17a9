// Runs a Python program in Pyodide: the folder of the project, the folder of installed
// packages, the program, and its arguments.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [house, packages, program, ...words] = process.argv.slice(2);
const python = await loadPyodide({
  env: { PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1", PYTHONDONTWRITEBYTECODE: "1", HOME: "/" },
});
python.mountNodeFS("/house", house);
python.mountNodeFS("/packages", packages);
python.globals.set("words", python.toPy([program, ...words]));
python.runPython(`
import sys
sys.path = ["/house", *sys.path, "/packages"]
sys.argv = list(words)
`);
python.runPython(readFileSync(program, "utf-8"));
