#include "kernels/cuda/fused_launch.cuh"

namespace residua::cuda {

template std::size_t workspace_bytes<float>(TermId, const MlpShape&, std::int64_t, bool);
template void fused<float>(TermId, const Network<float>&, const Points<float>&, const FusedWeights<float>&,
                           const FusedResult<float>&, Workspace, Stream);
template void evaluate<float>(TermId, const Network<float>&, const Points<float>&, float*, Workspace, Stream);

}  // namespace residua::cuda
