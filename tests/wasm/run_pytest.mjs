// Runs pytest in Pyodide, which is Python compiled to WebAssembly.
//
//     node --experimental-wasm-jspi run_pytest.mjs PYODIDE PROJECT INSTALLED "NAME NAME ..." OPTION ...
//
// PYODIDE is the folder of the npm package, PROJECT that of the project. INSTALLED is a folder of
// Python packages, of which Pyodide sees those that are named; they are pure Python. The OPTIONs are
// pytest's.
import { pathToFileURL } from "node:url";

const [home, project, installed, names, ...options] = process.argv.slice(2);
process.on("uncaughtException", (error) => {
  console.error(error.message); // without the line at fault, which is all of Pyodide
  process.exit(1);
});
const { loadPyodide } = await import(pathToFileURL(`${home}/pyodide.mjs`));
const python = await loadPyodide();

function mount(folder, point) {
  python.FS.mkdirTree(point);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, point);
}

mount(project, "/project");
mount(installed, "/installed");
python.FS.mkdirTree("/packages");
for (const name of names.split(" ")) {
  python.FS.symlink(`/installed/${name}`, `/packages/${name}`);
}
python.globals.set("options", python.toPy(options));
await python.runPythonAsync(`
import os
import sys
import types

from js import process

os.chdir("/project")
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
sys.dont_write_bytecode = True
sys.path[:0] = ["/project", "/packages"]

# The brokers over a network are imported and not opened, and msgspec is compiled.
sys.modules["msgspec"] = types.ModuleType("msgspec")

import pytest

code = int(pytest.main(list(options)))
sys.stdout.flush()
process.exit(code)
`);
