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

const whole = (packed, type) =>
  new Response(packed.pipeThrough(new DecompressionStream("gzip")), {
    headers: { "Content-Type": type },
  });

const bytes = (stream) => new Response(stream).arrayBuffer();

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
  const [wasm, library, modules, loader, script] = await Promise.all([
    load("wasm", files, counted).then((packed) => whole(packed, "application/wasm")),
    load("library", files, counted).then(bytes),
    load("modules", files, counted).then(bytes),
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
  const folder = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
  pyodide.unpackArchive(modules, "zip", { extractDir: folder });
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
