"""Where pictures and figures of a training go: a folder, TensorBoard, W&B, MLflow, a function."""
