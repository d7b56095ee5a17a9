// Compiles Python in Pyodide: the folder of its npm package, an archive of modules, a file
// with the names of those to compile, one a line, and the archive of bytecode to write.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, modules, names, bytecode] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ env: { PYTHONHASHSEED: "0" } });
python.FS.writeFile("/modules.zip", new Uint8Array(readFileSync(modules)));
python.FS.writeFile("/names.txt", readFileSync(names, "utf-8"));
python.runPython(`
import importlib.util
import marshal
import zipfile

# PEP 552: bytecode that is taken without a look at its source.
HEAD = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")

with (
    open("/names.txt", encoding="utf-8") as names,
    zipfile.ZipFile("/modules.zip") as modules,
    zipfile.ZipFile("/bytecode.zip", "w") as bytecode,
):
    for name in names.read().splitlines():
        source = modules.read(name)
        code = compile(source, name, "exec", dont_inherit=True)
        data = HEAD + importlib.util.source_hash(source) + marshal.dumps(code)
        bytecode.writestr(importlib.util.cache_from_source(name), data)
`);
writeFileSync(bytecode, python.FS.readFile("/bytecode.zip"));
