/* The laboratory's worker: one Python with the servers in it.

   It is told {do: "start", files}, then {do: "run" | "check" | "repair", ...} with a number,
   and answers with that number.  All it loads comes from its own folder: two archives,
   each loaded and unpacked by a helper, `unpack.js`. */

const MEMORY = 1 << 30; // bytes; an application that wants more gets a MemoryError

const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > MEMORY) throw new RangeError("too much");
  return grow.call(this, pages);
};

const here = new URL(".", import.meta.url).href;
const say = (what) => postMessage(what);

/* An archive's tar file: loaded and unpacked by a helper. */
const fetched = (name, files, counted) =>
  new Promise((done, fail) => {
    const helper = new Worker(here + "unpack.js");
    helper.onmessage = ({ data }) => {
      if (data.counted) return counted(data.counted);
      if (data.broken) fail(new Error(data.broken));
      else done(new Uint8Array(data.tar));
    };
    helper.onerror = (event) => fail(new Error(event.message || "a helper could not start"));
    helper.postMessage({ unpacker: files.unpacker.file, ...files[name] });
  });

/* The files of a tar file: name and bytes. */
function* members(tar) {
  const ascii = new TextDecoder("ascii");
  for (let at = 0; tar[at]; ) {
    const field = (from, size) =>
      ascii.decode(tar.subarray(at + from, at + from + size)).split("\0", 1)[0];
    const name = [field(345, 155), field(0, 100)].filter(Boolean).join("/");
    const size = parseInt(field(124, 12), 8);
    at += 512;
    yield [name, tar.subarray(at, at + size)];
    at += Math.ceil(size / 512) * 512;
  }
}

/* Write the files of a tar file below a folder. */
const write = (tar, fs, folder) => {
  const made = new Set();
  for (const [name, data] of members(tar)) {
    const path = `${folder}/${name}`;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(parent)) fs.mkdirTree(parent);
    made.add(parent);
    fs.writeFile(path, data, { canOwn: true });
  }
};

const script = (text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));

let python;

/* What an earlier version of the site has left in the browser's store. */
const tidy = async (files) => {
  const store = globalThis.caches && (await caches.open("laboratory").catch(() => null));
  const wanted = new Set(Object.values(files).map(({ file }) => here + file));
  for (const { url } of (await store?.keys()) ?? []) if (!wanted.has(url)) store.delete(url);
};

const start = async ({ files, lock, code }) => {
  await tidy(files);
  const total = Object.values(files).reduce((sum, each) => sum + each.size, 0);
  let loaded = 0;
  const counted = (size) => say({ loaded: (loaded += size), total });
  // The later ones are unpacked while Python is made ready.
  const [own, library, modules] = ["python", "library", "modules"].map((name) => {
    const archive = fetched(name, files, counted);
    archive.catch(() => {});
    return archive;
  });
  const runtime = Object.fromEntries(members(await own));
  counted(files.unpacker.size);
  say({ stage: "Starting Python" });
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
    script(runtime["pyodide.mjs"]),
    script(runtime["pyodide.asm.mjs"]),
  ]);
  // The loader asks for two files, which need not be fetched.
  const { fetch } = globalThis;
  globalThis.fetch = async (address) => {
    if (String(address.url ?? address).endsWith(".wasm")) {
      const headers = { "Content-Type": "application/wasm" };
      return new Response(runtime["pyodide.asm.wasm"], { headers });
    }
    const [[, standard]] = members(await library);
    return new Response(standard);
  };
  const pyodide = await loadPyodide({
    indexURL: here,
    createPyodideModule,
    lockFileContents: { info: lock, packages: {} },
  });
  globalThis.fetch = fetch;
  say({ stage: "Starting Twisted, Daphne and Django" });
  const folder = pyodide.runPython("import site; site.getsitepackages()[0]");
  write(await modules, pyodide.FS, folder);
  python = pyodide.runPython(code);
  // A shared link may bring code: it gets no way out of this page.
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "Worker",
    "importScripts", "WebTransport", "indexedDB", "caches", "BroadcastChannel"]) {
    for (let at = globalThis; at; at = Object.getPrototypeOf(at)) {
      Reflect.deleteProperty(at, name);
    }
  }
};

onmessage = async ({ data }) => {
  try {
    if (data.do === "start") {
      await start(data);
      say({ ready: true });
    } else {
      say({ number: data.number, result: JSON.parse(python(JSON.stringify(data))) });
    }
  } catch (error) {
    say({ number: data.number, broken: String(error.message ?? error).slice(-2000) });
  }
};
