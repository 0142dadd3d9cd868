// Python in a worker: loads Pyodide from beside the site, then the library, and runs programs.
let python = null;

async function load(home) {
  const { loadPyodide } = await import(`${home}pyodide.mjs`);
  const loaded = await loadPyodide({ indexURL: home });
  postMessage({ status: "Loading the library …" });
  const bundle = await fetch(`${home}library.zip`);
  if (!bundle.ok) throw new Error(`${bundle.url}: ${bundle.status}`);
  loaded.unpackArchive(await bundle.arrayBuffer(), "zip", { extractDir: "/library" });
  loaded.runPython("import sys; sys.path.insert(0, '/library')");
  return loaded;
}

onmessage = async ({ data: { source, home } }) => {
  try {
    python ??= await load(home);
    postMessage({ status: "Running …" });
    python.globals.set("source", source);
    // Inside a coroutine, as in a notebook: there an event loop runs already.
    const outcome = await python.runPythonAsync(`
import json
from dataclasses import asdict

from programs import run_program

json.dumps(asdict(run_program(source)))
`);
    postMessage(JSON.parse(outcome));
  } catch (error) {
    postMessage({ error: `Python could not run: ${error.message}` });
  }
};
