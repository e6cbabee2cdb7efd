package inspect

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"time"
)

// opener is the command with which a system opens an address.
func opener(system string) []string {
	switch system {
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	case "darwin":
		return []string{"open"}
	default:
		return []string{"xdg-open"}
	}
}

// startsWithin is how long a browser that cannot start takes to say so. One that runs may
// never end.
const startsWithin = 2 * time.Second

// Browse starts the browser with an address. Its error is for a sentence: the user can open
// the address in any browser of this machine.
func Browse(ctx context.Context, address string) error {
	c := opener(runtime.GOOS)
	path, err := exec.LookPath(c[0])
	if err != nil {
		return errors.New("no " + c[0] + " here")
	}
	cmd := exec.Command(path, append(c[1:], address)...)
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(startsWithin):
		return nil
	case <-ctx.Done(): // the browser stays: see apart
		return nil
	}
}
