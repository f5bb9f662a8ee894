// Package exchange sends a step's request and takes its answer: what all kinds that speak HTTP have in common.
package exchange
