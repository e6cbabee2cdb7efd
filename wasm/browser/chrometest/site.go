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
	URL  string // of the page, from a server for static files
	// File is the page's address as a file.
	File     string
	listener net.Listener
	own      bool // Dir is to be removed
}

// Build builds the inspector, or takes the one in the folder that THAW_INSPECTOR names, and
// serves it.
func Build() (*Site, error) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return nil, err
	}
	s := &Site{root: root, Dir: os.Getenv("THAW_INSPECTOR")}
	if s.Dir == "" {
		if s.Dir, err = os.MkdirTemp("", "inspector"); err != nil {
			return nil, err
		}
		s.own = true
		if err := run(filepath.Join(root, ".ci", "tools"), "go", "run", "./inspector", "-out", s.Dir); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.File = "file://" + filepath.ToSlash(filepath.Join(s.Dir, "inspector.html"))
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.URL = "http://" + s.listener.Addr().String() + "/inspector.html"
	server := &http.Server{Handler: http.FileServer(http.Dir(s.Dir)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(s.listener) }()
	return s, nil
}

// Close ends the server and removes what Build made.
func (s *Site) Close() error {
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	if s.own {
		err = errors.Join(err, os.RemoveAll(s.Dir))
	}
	return err
}

// Command builds the command thaw with the page in it, and returns its path. The go command
// finds the page in an overlay, so the source stays as it is.
func (s *Site) Command(dir string) (string, error) {
	embedded := filepath.Join(s.root, "host", "cmd", "thaw", "internal", "inspect", "page")
	replace := map[string]string{}
	for _, name := range []string{"inspector.html", "scratch.js"} {
		zipped := filepath.Join(dir, name+".gz")
		if err := compress(filepath.Join(s.Dir, name), zipped); err != nil {
			return "", err
		}
		replace[filepath.Join(embedded, name+".gz")] = zipped
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, b, 0o666); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "thaw")
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
