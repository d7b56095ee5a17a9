// A laboratory in Pyodide, as the page's worker starts it: a folder with the standard
// library, the modules and a file with questions, and the code that prepares Python.
// Prints the answers as JSON.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [own, code] = process.argv.slice(2);
const python = await loadPyodide({ stdLibURL: `${own}/python_stdlib.zip` });
const folder = python.runPython("import site; site.getsitepackages()[0]");
const modules = new Uint8Array(readFileSync(`${own}/modules.tar`));
python.unpackArchive(modules, "tar", { extractDir: folder });
const answer = python.runPython(code);
const asked = JSON.parse(readFileSync(`${own}/questions.json`, "utf-8"));
const answers = asked.map((each) => JSON.parse(answer(JSON.stringify(each))));
console.log(`answers ${JSON.stringify(answers)}`);
