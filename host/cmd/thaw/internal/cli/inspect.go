package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host/cmd/thaw/internal/inspect"
)

const inspectExitCodes = `
Exit codes:
  0    SIGINT, SIGTERM or SIGHUP ended it
  2    the command failed: wrong arguments, no store, a port in use; or this program
       was built without the page
`

func (a *app) inspect() *cobra.Command {
	var noBrowser, asJSON bool
	var at port
	c := &cobra.Command{
		Use:   "inspect",
		Short: "Show a store in the browser",
		Long: `Serve the inspector, a page that reads a store, together with this store on a port of
the loopback, print its address and start the browser, until a signal ends the command. It
reads only, takes no lock, and another process may append meanwhile.

The address has a random token. Anyone on this machine who has the address can read the store
while the command runs. Nothing leaves the machine, and nothing but the page and
the store's files is served. To look at a store on another machine, run thaw there with
--no-browser and forward the port: ssh -L 8000:127.0.0.1:PORT.

With --json one object: address, directory.`,
		Example: lines(
			`thaw inspect orders`,
			`thaw inspect orders --no-browser --port 8000`),
	}
	arguments(c, "DIR")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	c.Flags().BoolVar(&noBrowser, "no-browser", false, "only print the address")
	c.Flags().Var(&at, "port", "listen on this port; by default on any free one")
	plainFlag(c, "port")
	c.SetUsageTemplate(c.UsageTemplate() + inspectExitCodes)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := args[0]
		if err := a.lookAt(dir); err != nil {
			return err
		}
		s, err := inspect.Listen(a.env.Inspector, a.env.FS, dir, uint16(at))
		if err != nil {
			return &inspectError{port: at, err: err}
		}
		if asJSON {
			err = a.out.object(struct {
				Address   string `json:"address"`
				Directory string `json:"directory"`
			}{s.Address(), dir})
		} else {
			err = a.say("%s", s.Address())
		}
		if err = errors.Join(err, a.out.flush()); err != nil {
			return errors.Join(err, s.Close())
		}
		var browsing sync.WaitGroup
		if !noBrowser {
			browsing.Go(func() { a.browse(c.Context(), s.BrowserAddress()) })
		}
		defer browsing.Wait()
		if err := s.Serve(c.Context()); err != nil {
			return &inspectError{port: at, err: err}
		}
		return nil
	}
	return c
}

// lookAt returns an error if dir cannot be listed, and prints a note if it may not be a
// store.
func (a *app) lookAt(dir string) error {
	entries, err := a.env.FS.ReadDir(dir)
	if err != nil {
		return &storeError{dir, err}
	}
	for _, e := range entries {
		if _, ok := segment.ParseName(e.Name); ok {
			return nil
		}
	}
	a.warn("note: %s has no *.fbat file: it is an empty store, or not a store", dir)
	return nil
}

// browse starts the browser. The command goes on without one.
func (a *app) browse(ctx context.Context, address string) {
	if err := a.env.Browse(ctx, address); err != nil {
		a.warn("note: the browser could not be started (%v): open the address yourself", err)
	}
}

// inspectError is the error of a server that cannot serve.
type inspectError struct {
	port port
	err  error
}

func (e *inspectError) Error() string { return e.err.Error() }
func (e *inspectError) Unwrap() error { return e.err }

func explainInspect(e *inspectError) (what, hint string) {
	switch {
	case errors.Is(e.err, inspect.ErrNoPage):
		return e.Error(), "Build it with make build where node and npm are, or open the built page in a browser and drop DIR on it."
	case e.port != 0:
		return fmt.Sprintf("cannot serve on port %d: %v", e.port, e.err), "Omit --port to use any free port."
	}
	return "cannot serve: " + e.Error(), "The page itself needs no server: open it in a browser and drop DIR on it."
}

// port is a port of this machine, 0 for any.
type port uint16

func (p *port) Type() string { return "N" }

func (p *port) String() string {
	if *p == 0 {
		return ""
	}
	return strconv.Itoa(int(*p))
}

func (p *port) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return errors.New("a port is a number from 0 to 65535, 0 for any")
	}
	*p = port(n)
	return nil
}
