package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) authTokenCommand() *cobra.Command {
	var header, reveal bool
	cmd := &cobra.Command{
		Use:   "token PROFILE --reveal",
		Short: "Print the token that requests of a profile carry now",
		Long: `Print the token that requests of a profile carry now, a new one where the one that is there has expired. It is a secret,
and the only one that snrun ever prints: whoever has it can do what the profile can, so --reveal must be there.`,
		Example:           `  curl -H "$(snrun auth token servicenow --header --reveal)" https://instance.example.com/api/now/table/incident`,
		Args:              exactly(1, "auth token takes one profile"),
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !reveal {
				return usageError("add --reveal, where nobody looks on and nothing keeps a log",
					"the token is a secret: whoever sees it can do what profile %s can", args[0])
			}
			return a.withTokens(cmd.Context(), args[0], "to print", func(ctx context.Context, p *opened) error {
				return a.revealToken(ctx, p, header)
			})
		},
	}
	cmd.Flags().BoolVar(&header, "header", false, "print it as the header Authorization")
	cmd.Flags().BoolVar(&reveal, "reveal", false, "yes, print it")
	return cmd
}

func (a *app) revealToken(ctx context.Context, p *opened, header bool) error {
	value, err := p.keys.Authorization(ctx, p.Name)
	if err != nil {
		return signInFailure(ctx, err)
	}
	text := "Authorization: " + value.Reveal()
	if !header {
		_, text, _ = strings.Cut(value.Reveal(), " ")
	}
	// Not through a.out, which would mask it.
	if _, err := io.WriteString(a.out.file, text+"\n"); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}
