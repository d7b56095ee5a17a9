/* A helper of the laboratory's worker: it loads one archive, a tar file compressed by xz, and
   unpacks it while the worker and the other helper do their part.

   It is told {unpacker, file, size}, and answers with {counted} as bytes come, and at the
   end with {tar} or {broken}.  It ends itself, once the file is kept for the next visit. */
const here = new URL(".", location.href).href;

let stored = null; // the promise that the browser's store has the file

/* The file, from the browser's own store if it is there; counted as it comes. */
const load = async (file, size) => {
  const address = here + file;
  const store = self.caches && (await caches.open("laboratory").catch(() => null));
  const kept = store && (await store.match(address));
  if (kept) {
    postMessage({ counted: size });
    return kept.body;
  }
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText}`);
  const [own, copy] = answer.body.tee();
  if (store) stored = store.put(address, new Response(copy)).catch(() => {});
  else copy.cancel();
  return own.pipeThrough(
    new TransformStream({
      transform(part, out) {
        postMessage({ counted: part.byteLength });
        out.enqueue(part);
      },
    }),
  );
};

onmessage = async ({ data: { unpacker, file, size } }) => {
  try {
    const packed = load(file, size);
    importScripts(here + unpacker);
    const { XzReadableStream } = self["xz-decompress"];
    const tar = await new Response(new XzReadableStream(await packed)).arrayBuffer();
    postMessage({ tar }, [tar]);
    await stored;
  } catch (error) {
    postMessage({ broken: String(error.message ?? error) });
  }
  close();
};
