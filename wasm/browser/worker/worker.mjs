// The worker's entry. wasm_exec.js, which defines Go, comes before it.

import { serve } from './serve.mjs'

serve(globalThis, globalThis.Go)
