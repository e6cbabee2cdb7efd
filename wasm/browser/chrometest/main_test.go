package chrometest

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

var started struct {
	once    sync.Once
	browser *Browser
	err     error
}

// chromium returns the browser of all tests, or skips the test.
func chromium(t testing.TB) *Browser {
	t.Helper()
	Skip(t)
	started.once.Do(func() { started.browser, started.err = Start() })
	if started.err != nil {
		t.Fatal("the browser does not start:", started.err)
	}
	return started.browser
}

func TestMain(m *testing.M) {
	code := m.Run()
	if started.browser != nil {
		if err := started.browser.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "the browser does not stop:", err)
			code = 1
		}
	}
	os.Exit(code)
}
