-- The workflow of a Temporal cluster that carries a run out, NAMESPACE/WORKFLOW-ID; '' where a process of snrun does.
ALTER TABLE runs ADD COLUMN workflow TEXT NOT NULL DEFAULT '';
