package temporal

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Version names what a worker is built of. Runs that began with one are carried out by workers of the same, for good. A version that is
// new to its deployment gets the runs which begin from then on.
type Version struct{ Deployment, Build string }

// options are those of a worker of the version.
func (v Version) options() worker.DeploymentOptions {
	if v.Build == "" {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: v.Deployment, BuildID: v.Build},
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}
}

// How often, and how long, it is tried to have the server send runs to a new version.
const (
	adoptEvery = 500 * time.Millisecond
	adoptLimit = time.Minute
)

// adopt has the server send runs that begin to the worker's version, where that is new. One that had them before stays as it is: it is
// there for the runs that it began.
func (w *Worker) adopt(ctx context.Context) {
	v := w.config.Version
	if v.Build == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, adoptLimit)
	defer cancel()
	ticker := time.NewTicker(adoptEvery)
	defer ticker.Stop()
	for {
		err := v.adopted(ctx, w.config.Client.WorkerDeploymentClient().GetHandle(v.Deployment))
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			w.config.Log.Warn("runs that begin are not sent to this version of the worker yet", "deployment", v.Deployment, "build", v.Build, "error", err)
			return
		case <-ticker.C:
		}
	}
}

// adopted makes a version the current one of its deployment, if it never was.
func (v Version) adopted(ctx context.Context, deployment client.WorkerDeploymentHandle) error {
	known, err := deployment.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return err
	}
	current := known.Info.RoutingConfig.CurrentVersion
	if current != nil && !v.isNew(known.Info) {
		return nil
	}
	_, err = deployment.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: v.Build, ConflictToken: known.ConflictToken})
	if err != nil {
		return fmt.Errorf("making it the current one: %w", err)
	}
	return nil
}

// isNew says whether the version is known to its deployment, and never was the current one.
func (v Version) isNew(info client.WorkerDeploymentInfo) bool {
	current := info.RoutingConfig.CurrentVersion
	if current != nil && current.BuildID == v.Build {
		return false
	}
	for _, s := range info.VersionSummaries {
		if s.Version.BuildID == v.Build {
			return s.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusUnspecified
		}
	}
	return true
}
