package chrometest

import (
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
	folders []string // to be removed
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
	for _, dir := range shared.folders {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// command returns the path of the command thaw, with the inspector in it.
func command(t testing.TB) string {
	t.Helper()
	s := site(t)
	return shared.command.get(t, func() (string, error) {
		dir, err := os.MkdirTemp("", "thaw")
		if err != nil {
			return "", err
		}
		shared.folders = append(shared.folders, dir)
		return s.Command(dir)
	})
}
