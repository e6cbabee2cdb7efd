package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// Env is the world of one command.
type Env struct {
	// Stdin is what append and import read when they are told to; nil is empty.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Terminal says that a person watches Stderr: long work may show how far it
	// is.
	Terminal bool
	// FS is where stores lie, by default the operating system's file system. The
	// commands that write need an fsabstraction.FS.
	FS fsabstraction.ReadFS
}

// app is one run of the command.
type app struct {
	env     Env
	out     output
	damages int // told or shown
	untold  int // damages beyond toldAtMost
}

const about = `thaw reads and writes event stores: directories of *.fbat segments that batpak 0.4.0
or thaw wrote. Only append, import and rebuild write, and they take the store's lock.
All others change nothing, take no lock, and may be used while another process
appends.

Events are printed as JSON, one object a line, in an order that does not change
from run to run. What is wrong is told on stderr. Text for people, on both, shows
what a terminal would obey instead as an escape, such as \x1b; in JSON it is \u001b.

` + aboutCopies

// copyRecipe copies a store whose writer may be at work.
const copyRecipe = `  mkdir backup
  find orders -maxdepth 1 -type f ! -name '*.fbat' -exec cp {} backup/ \;
  cp orders/*.fbat backup/
  thaw verify backup`

const aboutCopies = `To copy a store that a writer may have open, copy everything but the segments first,
and then the segments, into an empty directory:

` + copyRecipe + `

The copy then has every event that was acknowledged before the first step. cp -r,
or any tool that takes the files in another order, is right only when no writer has
the store open: what it copies of a live store can be damaged for good. A store that
batpak has open is not to be copied at all.`

const exitCodes = `
Exit codes:
  0    done; also when the reader of a pipe had enough
  1    an event was not found, or damage was met: what could be read was printed
       and each damage told; or import --skip-bad left lines out
  2    the command failed: wrong arguments, no store, a file that could not be
       read, a store that must not be shown, an event that cannot be appended; or
       the output could not be written
  3    an entity was not in the state that --expect asks for; nothing was written
  4    another writer has the store open; nothing was written
  130  interrupted
`

// Run runs one command line, without the program's name, and returns its exit
// code. When ctx ends, so does the command, with whole lines only.
func Run(ctx context.Context, args []string, env Env) int {
	if env.FS == nil {
		env.FS = osfs.FS{}
	}
	a := &app{env: env, out: output{w: env.Stdout}}
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	err := root.ExecuteContext(ctx)
	if flushed := a.out.flush(); err == nil {
		err = flushed
	}
	return a.finish(ctx, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "thaw",
		Short: "Read and write event stores of batpak 0.4.0 and thaw",
		Long:  about,
		Example: lines(
			`thaw stat orders                              # what is in it, how it was opened`,
			`thaw dump orders | jq -c 'select(.clock==0)'  # every event`,
			`thaw query orders --entity order:42 --payloads`,
			`thaw append orders --entity order:42 --scope shop:eu --kind DATA --payload '{"n":1}'`,
			`thaw export orders | thaw import copy`,
			`thaw verify orders`),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(shown{a.env.Stdout})
	root.SetErr(shown{a.env.Stderr})
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{c, err} })
	root.SetUsageTemplate(root.UsageTemplate() + exitCodes)
	root.AddCommand(a.dump(), a.query(), a.get(), a.stream(), a.ancestors(), a.effects(), a.correlated(),
		a.stat(), a.verify(), a.export(), a.importing(), a.append(), a.rebuild(), version(&a.out))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.Example = lines(
			`source <(thaw completion bash)                                   # this shell`,
			`thaw completion zsh > "${fpath[1]}/_thaw"                        # every zsh`,
			`thaw completion fish > ~/.config/fish/completions/thaw.fish      # every fish`,
			`thaw completion powershell | Out-String | Invoke-Expression      # this PowerShell`)
		c.Long = "Print a script that makes a shell complete thaw's commands, flags, directories\nand the names of kinds."
	}
	return root
}

// lines makes an Example of command lines.
func lines(text ...string) string { return "  " + strings.Join(text, "\n  ") }

// arguments wants exactly these, and completes the first as a directory.
func arguments(c *cobra.Command, names ...string) {
	c.Use = strings.Join(append([]string{c.Use}, names...), " ")
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return &usageError{c, &countError{names, args}}
	}
	c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 && len(names) > 0 {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// plainFlag keeps a shell from offering file names as a flag's value.
func plainFlag(c *cobra.Command, names ...string) {
	for _, n := range names {
		_ = c.RegisterFlagCompletionFunc(n, cobra.NoFileCompletions) // fails only for a flag that is not there
	}
}
