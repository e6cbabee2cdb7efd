package chrometest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Site is the inspector, built.
type Site struct {
	Dir  string // has inspector.html and scratch.js
	root string // of the repository
	kept string // a folder for what later runs can use
	URL  string // of the page, from a server for static files
	// File is the page's address as a file.
	File     string
	listener net.Listener
}

// ErrFetch is a reason to skip: see .ci/page.
var ErrFetch = errors.New("npm cannot fetch the page's libraries")

// Build builds the inspector, if bin/inspector is not of this source already, or takes the one
// in the folder that THAW_INSPECTOR names, and serves it.
func Build() (*Site, error) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return nil, err
	}
	s := &Site{root: root, Dir: os.Getenv("THAW_INSPECTOR"), kept: filepath.Join(root, ".cache", "chrometest")}
	if s.Dir == "" {
		s.Dir = filepath.Join(root, "bin", "inspector")
		err := run(filepath.Join(root, ".ci", "tools"), "go", "run", "./inspector", "-embed", filepath.Join(s.kept, "page"))
		if err != nil && strings.Contains(err.Error(), ErrFetch.Error()) {
			return nil, ErrFetch
		} else if err != nil {
			return nil, err
		}
	}
	s.File = "file://" + filepath.ToSlash(filepath.Join(s.Dir, "inspector.html"))
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.URL = "http://" + s.listener.Addr().String() + "/inspector.html"
	server := &http.Server{Handler: http.FileServer(http.Dir(s.Dir)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(s.listener) }()
	return s, nil
}

// Close ends the server.
func (s *Site) Close() error { return s.listener.Close() }

// Command builds the command thaw with the page in it, and returns its path. The go command
// finds the page in an overlay, so the source stays as it is. Where make build has just built
// the same, nothing is left to do.
func (s *Site) Command() (string, error) {
	embedded := filepath.Join(s.root, "host", "cmd", "thaw", "internal", "inspect", "page")
	replace := map[string]string{}
	for _, name := range []string{"inspector.html.gz", "scratch.js.gz"} {
		replace[filepath.Join(embedded, name)] = filepath.Join(s.kept, "page", name)
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(s.kept, "overlay.json")
	if err := os.WriteFile(overlay, b, 0o666); err != nil {
		return "", err
	}
	path := filepath.Join(s.kept, "thaw")
	if b, err := os.ReadFile(filepath.Join(s.root, "bin", "thaw")); err == nil {
		if err := os.WriteFile(path, b, 0o777); err != nil {
			return "", err
		}
	}
	return path, run(s.root, "go", "build", "-overlay", overlay, "-o", path, "./host/cmd/thaw")
}

func run(dir, name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
