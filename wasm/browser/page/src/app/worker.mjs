// The worker's script: the runtime of the Go compiler, which defines Go, and then the engine's.

import 'go:wasm_exec.js'
import '../../../worker/worker.mjs'
