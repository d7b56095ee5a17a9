/* The laboratory's worker: one Python with the servers in it.

   It is told {do: "start", files}, then {do: "run" | "check" | "repair", ...} with a number,
   and answers with that number.  All it loads comes from its own folder. */

const MEMORY = 1 << 30; // bytes; an application that wants more gets a MemoryError

const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > MEMORY) throw new RangeError("too much");
  return grow.call(this, pages);
};

const here = new URL(".", import.meta.url).href;
const say = (what) => postMessage(what);

/* A file, from the browser's own store if it is there; counted as it comes. */
const load = async (name, files, counted) => {
  const { file, size } = files[name];
  const address = here + file;
  const store = globalThis.caches && (await caches.open("laboratory").catch(() => null));
  const kept = store && (await store.match(address));
  if (kept) {
    counted(size);
    return kept.body;
  }
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText}`);
  const [own, copy] = answer.body.tee();
  if (store) store.put(address, new Response(copy)).catch(() => {});
  else copy.cancel();
  return own.pipeThrough(
    new TransformStream({
      transform(part, out) {
        counted(part.byteLength);
        out.enqueue(part);
      },
    }),
  );
};

const unpacked = (packed) => packed.pipeThrough(new DecompressionStream("gzip"));

const whole = (packed, type) =>
  new Response(unpacked(packed), { headers: { "Content-Type": type } });

const bytes = (stream) => new Response(stream).arrayBuffer();

/* Write the files of an archive, a tar file, below a folder. */
const unpack = (archive, fs, folder) => {
  const tar = new Uint8Array(archive);
  const ascii = new TextDecoder("ascii");
  const made = new Set();
  for (let at = 0; tar[at]; ) {
    const field = (from, size) =>
      ascii.decode(tar.subarray(at + from, at + from + size)).split("\0", 1)[0];
    const path = [folder, field(345, 155), field(0, 100)].filter(Boolean).join("/");
    const size = parseInt(field(124, 12), 8);
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(parent)) fs.mkdirTree(parent);
    made.add(parent);
    at += 512;
    fs.writeFile(path, tar.subarray(at, at + size), { canOwn: true });
    at += Math.ceil(size / 512) * 512;
  }
};

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
  // Is waited for last: it unpacks while Python is made ready.
  const modules = load("modules", files, counted).then((packed) => bytes(unpacked(packed)));
  modules.catch(() => {});
  const [wasm, library, loader, script] = await Promise.all([
    load("wasm", files, counted).then((packed) => whole(packed, "application/wasm")),
    load("library", files, counted).then(bytes),
    import(here + files.loader.file),
    load("script", files, counted)
      .then((packed) => whole(packed, "text/javascript").blob())
      .then((blob) => import(URL.createObjectURL(blob))),
  ]);
  counted(files.loader.size);
  say({ stage: "Starting Python" });
  // The loader asks for two files, which are here already.
  const own = globalThis.fetch;
  globalThis.fetch = async (address) =>
    String(address.url ?? address).endsWith(".wasm") ? wasm : new Response(library);
  const pyodide = await loader.loadPyodide({
    indexURL: here,
    createPyodideModule: script.default,
    lockFileContents: { info: lock, packages: {} },
    stdLibURL: here + files.library.file,
  });
  globalThis.fetch = own;
  say({ stage: "Starting Twisted, Daphne and Django" });
  const folder = pyodide.runPython("import site; site.getsitepackages()[0]");
  unpack(await modules, pyodide.FS, folder);
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
