package cli

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host/cmd/thaw/internal/inspect"
)

// Env is the environment of one command.
type Env struct {
	// Stdin is the standard input of append and import; nil is empty.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Terminal reports whether Stderr is a terminal, so that long work shows its
	// progress.
	Terminal bool
	// FS is the file system of the stores, by default the operating system's. Commands
	// that write need an fsabstraction.FS.
	FS fsabstraction.ReadFS
	// Inspector has the files of the page that inspect serves, by default those embedded
	// in this program.
	Inspector fs.FS
	// Browse starts a browser with an address, by default the system's.
	Browse func(ctx context.Context, address string) error
}

// app is one run of the command.
type app struct {
	env      Env
	out      output
	names    naming // of the store
	damages  int    // all, listed or not
	unlisted int    // those beyond listedAtMost
}

const about = `thaw reads and writes event stores: directories of *.fbat segments that batpak 0.4.0
or thaw wrote. Only append, import, rebuild, compact and redact write, and they take the
store's lock; salvage, backup and fork write a new store. All other commands change nothing,
take no lock, and may run while another process appends.

Events are printed as JSON, one object per line, in the same order every time; a command
that prints nothing else also accepts --json, which has no effect there. Damage
and errors are listed on stderr. Text for people escapes terminal control characters,
such as \x1b; in JSON it is \u001b.

` + aboutCopies

const aboutCopies = `To copy a store that a writer may have open, use thaw backup. A copy made by cp -r or
another tool can be damaged permanently: the order of the files matters, and no compaction may
come between. host/COPYING-A-STORE.md in thaw's repository has commands of cp and rsync that see
to both. Never copy a store that batpak has open.`

const exitCodes = `
Exit codes:
  0    success; also if the reader of a pipe closed it early
  1    an event was not found; or damage was found: the readable events were
       printed and the damage listed; or import --skip-bad skipped lines; or
       check-types found a kind without a name
  2    the command failed: wrong arguments, no store, a file that could not be
       read, a store that must not be shown, an event that cannot be appended; or
       the output could not be written
  3    the entity was not in the state that --expect requires; nothing was written
  4    another writer has the store open; nothing was written
  130  interrupted; thaw follow and inspect, which have no other end, end with 0
`

// Run runs one command line, without the program's name, and returns its exit code. If ctx
// ends, the command stops after a whole line.
func Run(ctx context.Context, args []string, env Env) int {
	if env.FS == nil {
		env.FS = osfs.FS{}
	}
	if env.Inspector == nil {
		env.Inspector = inspect.Embedded()
	}
	if env.Browse == nil {
		env.Browse = inspect.Browse
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
			`thaw stat orders                              # its contents, how it was opened`,
			`thaw dump orders | jq -c 'select(.clock==0)'  # every event`,
			`thaw query orders --entity order:42 --payloads`,
			`thaw append orders --entity order:42 --scope shop:eu --kind DATA --payload '{"n":1}'`,
			`thaw export orders | thaw import copy`,
			`thaw verify orders`,
			`thaw inspect orders                           # all of it, in the browser`),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Version = versionText(debug.ReadBuildInfo())
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version of this program")
	root.SetOut(shown{a.env.Stdout})
	root.SetErr(shown{a.env.Stderr})
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{command: c, err: err} })
	root.SetUsageTemplate(root.UsageTemplate() + exitCodes)
	root.AddCommand(a.dump(), a.query(), a.follow(), a.get(), a.stream(), a.ancestors(), a.effects(), a.correlated(),
		a.graph(), a.entities(), a.scopes(), a.kinds(), a.checkTypes(),
		a.stat(), a.verify(), a.inspect(), a.export(), a.importing(), a.append(), a.rebuild(),
		a.compact(), a.redact(), a.keys(), a.backup(), a.fork(), a.salvage(), version(&a.out))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.Example = lines(
			`source <(thaw completion bash)                                   # this shell`,
			`thaw completion zsh > "${fpath[1]}/_thaw"                        # every zsh`,
			`thaw completion fish > ~/.config/fish/completions/thaw.fish      # every fish`,
			`thaw completion powershell | Out-String | Invoke-Expression      # this PowerShell`)
		c.Long = "Print a script with which a shell completes thaw's commands, flags, directories\nand the names of kinds."
	}
	return root
}

// lines formats command lines as an Example.
func lines(text ...string) string { return "  " + strings.Join(text, "\n  ") }

// checkArguments refuses another number of arguments than want, and empty names of directories.
func checkArguments(c *cobra.Command, want, got []string) error {
	if len(got) != len(want) {
		return &usageError{command: c, err: &countError{want: want, got: got}}
	}
	for i, name := range want {
		if (name == "DIR" || name == "DST") && got[i] == "" {
			return &usageError{command: c, err: fmt.Errorf("%s is empty", name)}
		}
	}
	return nil
}

// arguments makes c require exactly these arguments, and complete the first as a directory.
func arguments(c *cobra.Command, names ...string) {
	c.Use = strings.Join(append([]string{c.Use}, names...), " ")
	c.Args = func(c *cobra.Command, args []string) error {
		return checkArguments(c, names, args)
	}
	c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 && len(names) > 0 {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// plainFlag makes a shell offer no file names for a flag's value.
func plainFlag(c *cobra.Command, names ...string) {
	for _, n := range names {
		_ = c.RegisterFlagCompletionFunc(n, cobra.NoFileCompletions) // fails only for an unknown flag
	}
}
