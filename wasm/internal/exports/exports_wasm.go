package exports

import (
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/engine"
)

var guest engine.Engine

//go:wasmexport thaw_abi_version
func thawABIVersion() int32 { return abi.Version }

//go:wasmexport thaw_out
func thawOut() uint32 { return guest.Out() }

//go:wasmexport thaw_alloc
func thawAlloc(n uint32) (at uint32) {
	guest.Guard(func() int32 { at = guest.Alloc(n); return 0 })
	return at
}

//go:wasmexport thaw_free
func thawFree(at uint32) int32 {
	return guest.Guard(func() int32 { return int32(guest.Free(at)) })
}

//go:wasmexport thaw_store
func thawStore() int32 { return guest.Guard(guest.NewStore) }

//go:wasmexport thaw_file
func thawFile(store, name, length uint32, size int64, flags, data uint32) int32 {
	return guest.Guard(func() int32 { return guest.AddFile(store, name, length, size, flags, data) })
}

//go:wasmexport thaw_start
func thawStart(store, request, length uint32) int32 {
	return guest.Guard(func() int32 { return guest.Start(store, request, length) })
}

//go:wasmexport thaw_step
func thawStep(task uint32) int32 {
	return guest.Guard(func() int32 { return guest.Step(task) })
}

//go:wasmexport thaw_drop
func thawDrop(task uint32) int32 {
	return guest.Guard(func() int32 { return int32(guest.Drop(task)) })
}

//go:wasmexport thaw_close
func thawClose(store uint32) int32 {
	return guest.Guard(func() int32 { return int32(guest.CloseStore(store)) })
}
