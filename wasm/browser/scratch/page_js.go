package main

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/thawlog/thaw/wasm/browser/internal/scratchstore"
)

// This is the only file of wasm that knows JavaScript. A function called from there must not
// block, since the event loop waits for it: each call gets a goroutine and returns a promise.

var (
	errorClass = js.Global().Get("Error")
	bytesClass = js.Global().Get("Uint8Array")
	promises   = js.Global().Get("Promise")
)

func serve() {
	s := new(session)
	s.last = make(chan struct{})
	close(s.last)
	page := js.Global().Get("Object").New()
	for name, f := range map[string]func(args []js.Value) (any, error){
		"open":   func([]js.Value) (any, error) { return nil, s.begin(nil) },
		"load":   s.load,
		"append": s.append,
		"list":   s.list,
		"read":   s.read,
		"close": func([]js.Value) (any, error) {
			return nil, s.opened(func(st *scratchstore.Store) error { return st.Close() })
		},
	} {
		page.Set(name, s.promised(f))
	}
	js.Global().Set("thawScratch", page)
	select {}
}

type session struct {
	store *scratchstore.Store
	last  chan struct{} // closed after the last call
}

// promised returns a function for JavaScript that runs f after all earlier calls.
func (s *session) promised(f func(args []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		before, done := s.last, make(chan struct{})
		s.last = done
		var run js.Func
		run = js.FuncOf(func(_ js.Value, settle []js.Value) any {
			run.Release()
			go func() {
				defer close(done)
				<-before
				settled(settle[0], settle[1], func() (any, error) { return f(args) })
			}()
			return nil
		})
		return promises.New(run)
	})
}

// settled calls resolve with the result of f, or reject with its error. A panic is an error
// too: it must not end a module that holds the only copy of a store.
func settled(resolve, reject js.Value, f func() (any, error)) {
	defer func() {
		if p := recover(); p != nil {
			reject.Invoke(failure("Panic", fmt.Sprint("scratch: panic: ", p)))
		}
	}()
	result, err := f()
	if err != nil {
		reject.Invoke(failure(scratchstore.Class(err), err.Error()))
		return
	}
	resolve.Invoke(result)
}

func failure(class, text string) js.Value {
	e := errorClass.New(text)
	e.Set("name", class)
	e.Set("code", class)
	return e
}

// misuse is the error of a call with wrong arguments.
type misuse string

func (m misuse) Error() string { return "scratch: " + string(m) }

func (s *session) begin(files []scratchstore.Content) error {
	next, err := scratchstore.Open(context.Background(), files)
	if err != nil {
		return err
	}
	if s.store != nil {
		_ = s.store.Close() // it is forgotten
	}
	s.store = next
	return nil
}

func (s *session) opened(f func(*scratchstore.Store) error) error {
	if s.store == nil {
		return misuse("no store is open: call open or load first")
	}
	return f(s.store)
}

func (s *session) load(args []js.Value) (any, error) {
	if len(args) != 1 || args[0].Type() != js.TypeObject || args[0].Get("length").Type() != js.TypeNumber {
		return nil, misuse("load wants an array of files")
	}
	var files []scratchstore.Content
	total := 0
	for i := range args[0].Length() {
		f := args[0].Index(i)
		if f.Type() != js.TypeObject || f.Get("name").Type() != js.TypeString || !f.Get("bytes").InstanceOf(bytesClass) {
			return nil, misuse("load wants files with name and bytes")
		}
		bytes := f.Get("bytes")
		if total += bytes.Length(); total > scratchstore.MaxLoad { // before anything is copied
			return nil, scratchstore.ErrTooLarge
		}
		c := scratchstore.Content{Name: f.Get("name").String(), Bytes: make([]byte, bytes.Length())}
		js.CopyBytesToGo(c.Bytes, bytes)
		files = append(files, c)
	}
	return nil, s.begin(files)
}

func (s *session) append(args []js.Value) (result any, err error) {
	if len(args) != 1 || args[0].Type() != js.TypeString {
		return nil, misuse("append wants a JSON text")
	}
	err = s.opened(func(st *scratchstore.Store) error {
		facts, err := st.Append(context.Background(), []byte(args[0].String()))
		result = string(facts)
		return err
	})
	return result, err
}

func (s *session) list([]js.Value) (result any, err error) {
	err = s.opened(func(st *scratchstore.Store) error {
		files, err := st.List()
		list := make([]any, len(files))
		for i, f := range files {
			list[i] = map[string]any{"name": f.Name, "size": float64(f.Size), "regular": true}
		}
		result = list
		return err
	})
	return result, err
}

func (s *session) read(args []js.Value) (result any, err error) {
	if len(args) != 1 || args[0].Type() != js.TypeString {
		return nil, misuse("read wants a name")
	}
	err = s.opened(func(st *scratchstore.Store) error {
		b, err := st.Read(args[0].String())
		if err != nil {
			return err
		}
		bytes := bytesClass.New(len(b))
		js.CopyBytesToJS(bytes, b)
		result = bytes
		return nil
	})
	return result, err
}
