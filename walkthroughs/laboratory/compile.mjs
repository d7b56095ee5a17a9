// Compiles Python in Pyodide: the folder of its npm package, an archive of modules, and
// the archive of bytecode to write, for what the laboratory imports.
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

// Node would print the line of the script first, which is a megabyte long, and no more.
process.on("uncaughtException", (error) => {
  writeSync(2, `${error.message}\n`);
  process.exit(1);
});

const [folder, modules, bytecode] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const packages = new Uint8Array(readFileSync(modules));

const first = await loadPyodide();
const installed = first.runPython("import site; site.getsitepackages()[0]");
first.unpackArchive(packages, "zip", { extractDir: installed });
const imported = first.runPython(`
import contextlib
import io
import runpy

with contextlib.redirect_stdout(io.StringIO()) as said:
    runpy.run_module("walkthroughs.laboratory.needed_modules", run_name="__main__")
said.getvalue()
`);

// Another one, in which nothing has happened yet: what it writes depends on that.  Where
// in a line code stands is a fifth of bytecode, and nothing here shows it.
const second = await loadPyodide({
  env: { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" },
});
second.FS.writeFile("/modules.zip", packages);
second.globals.set("names", imported);
second.globals.set("installed", installed);
second.runPython(`
import glob
import importlib.util
import json
import marshal
import zipfile

# PEP 552: bytecode that is taken without a look at its source.
HEAD = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
[library] = glob.glob("/lib/python*.zip")

with (
    zipfile.ZipFile("/modules.zip") as modules,
    zipfile.ZipFile(library) as standard,
    zipfile.ZipFile("/bytecode.zip", "w") as bytecode,
):
    for path in json.loads(names):
        name = path.removeprefix(f"{installed}/").removeprefix(f"{library}/")
        if path.startswith(f"{library}/"):
            source = standard.read(name)
        elif path.startswith(f"{installed}/"):
            source = modules.read(name)
        else:
            continue  # it lies in the runtime itself
        code = compile(source, path, "exec", dont_inherit=True)
        data = HEAD + importlib.util.source_hash(source) + marshal.dumps(code)
        bytecode.writestr(path, data)
`);
writeFileSync(bytecode, second.FS.readFile("/bytecode.zip"));
