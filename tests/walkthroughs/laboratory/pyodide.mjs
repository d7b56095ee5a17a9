// A laboratory in Pyodide, as the page's worker starts it: the archive of modules, the
// code that prepares Python, and a file with questions.  Prints the answers as JSON.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [modules, code, questions] = process.argv.slice(2);
const python = await loadPyodide();
const folder = python.runPython("import sysconfig; sysconfig.get_path('purelib')");
python.unpackArchive(new Uint8Array(readFileSync(modules)), "zip", { extractDir: folder });
const answer = python.runPython(code);
const asked = JSON.parse(readFileSync(questions, "utf-8"));
const answers = asked.map((each) => JSON.parse(answer(JSON.stringify(each))));
console.log(`answers ${JSON.stringify(answers)}`);
