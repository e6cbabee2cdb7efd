// Compresses standard input as gzip to standard output, some 5 % better than a fast
// compressor. The page's build runs it for the engine, which is most of what a user loads.

import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'

const zopfli = createRequire(import.meta.url)('@gfx/zopfli')
writeFileSync(1, await zopfli.gzipAsync(readFileSync(0), { numiterations: 5 }))
