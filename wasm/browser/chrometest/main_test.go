package chrometest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared is what all tests use: one browser, one build.
var shared struct {
	browser once[*Browser]
	site    once[*Site]
	command once[string]
}

// once makes a value for the first test that needs it.
type once[T any] struct {
	do   sync.Once
	made T
	err  error
}

func (o *once[T]) get(t testing.TB, make func() (T, error)) T {
	t.Helper()
	o.do.Do(func() { o.made, o.err = make() })
	if errors.Is(o.err, ErrFetch) {
		t.Skip(o.err)
	}
	if o.err != nil {
		t.Fatal(o.err)
	}
	return o.made
}

// chromium returns the browser of all tests, or skips the test.
func chromium(t testing.TB) *Browser {
	t.Helper()
	Skip(t)
	return shared.browser.get(t, Start)
}

// site returns the inspector, built.
func site(t testing.TB) *Site {
	t.Helper()
	Skip(t)
	return shared.site.get(t, Build)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if b := shared.browser.made; b != nil {
		for _, asked := range b.Asked() {
			fmt.Fprintln(os.Stderr, "a page asked another machine:", asked)
			code = 1
		}
		if err := b.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "the browser does not stop:", err)
			code = 1
		}
	}
	if s := shared.site.made; s != nil {
		if err := s.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// command returns the path of the command thaw, with the inspector in it.
func command(t testing.TB) string {
	t.Helper()
	s := site(t)
	return shared.command.get(t, s.Command)
}
